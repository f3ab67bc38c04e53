// Makes a colour that someone chose readable where his name stands. Pure: returns values, touches no document.

// The least favourable background of a message in each theme: one that mentions the reader (css/tokens.css).
const BACKGROUNDS = { dark: "#193233", light: "#e4f0ef" };
const CONTRAST = 4.5; // WCAG 2.2, 1.4.3
const STEPS = 12;
const KEPT = 500;
const known = new Map();

// { dark, light }: the colour itself where it can be read, else the nearest in lightness that can; null for no colour.
export function nameColors(color) {
  if (!/^#[0-9a-f]{6}$/iu.test(color ?? "")) return null;
  if (!known.has(color)) {
    if (known.size >= KEPT) known.clear();
    known.set(color, { dark: readable(color, BACKGROUNDS.dark), light: readable(color, BACKGROUNDS.light) });
  }
  return known.get(color);
}

export function readable(color, background) {
  if (contrast(color, background) >= CONTRAST) return color;
  const [hue, saturation, lightness] = toHsl(color);
  // Black or white can always be read, so the answer lies between it and the colour.
  let [near, far] = [lightness, luminance(background) < 0.18 ? 1 : 0];
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (near + far) / 2;
    if (contrast(fromHsl(hue, saturation, middle), background) >= CONTRAST) far = middle;
    else near = middle;
  }
  return fromHsl(hue, saturation, far);
}

export function contrast(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(color) {
  const [red, green, blue] = channels(color).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
}

function toHsl(color) {
  const [red, green, blue] = channels(color);
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  const lightness = most - range / 2;
  const saturation = range ? range / (1 - Math.abs(2 * lightness - 1)) : 0;
  let hue = 0;
  if (range && most === red) hue = ((green - blue) / range + 6) % 6;
  else if (range && most === green) hue = (blue - red) / range + 2;
  else if (range) hue = (red - green) / range + 4;
  return [hue * 60, saturation, lightness];
}

function fromHsl(hue, saturation, lightness) {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (turn) => {
    const at = (turn + hue / 30) % 12;
    const value = lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1));
    return Math.round(value * 255).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
