// An emote or a badge as an element. It has its size before it has its picture, so nothing moves when that arrives.

const still = matchMedia("(prefers-reduced-motion: reduce)");

export function emoteElement(code, picture) {
  const image = pictureElement(picture, code, 28);
  image.className = "chat__emote";
  image.title = code;
  image.loading = "lazy";
  image.addEventListener("error", () => image.replaceWith(code), { once: true });
  return image;
}

export function pictureElement(picture, text, side) {
  const extension = still.matches ? "png" : "webp"; // PNGs do not move
  const image = document.createElement("img");
  image.alt = text;
  image.width = side;
  image.height = side;
  image.decoding = "async";
  image.draggable = false;
  const sizes = [1, 2, 3].map((scale) => `/pictures/${picture}/${scale}x.${extension}`);
  image.srcset = `${sizes[0]} 1x, ${sizes[1]} 2x, ${sizes[2]} 3x`;
  image.src = sizes[0];
  return image;
}
