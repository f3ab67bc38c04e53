// The element that has the focus: its name, and what is wrong with how that is seen. null: the page's end.
(async () => {
  // What becomes visible by the focus has begun to be shown then.
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const element = document.activeElement;
  await Promise.all(element ? element.getAnimations().map((one) => one.finished.catch(() => {})) : []);
  if (!element || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const wrong = [];
  const outlined = (one) => getComputedStyle(one).outlineStyle !== "none" && parseFloat(getComputedStyle(one).outlineWidth) >= 1;
  // A card shows the focus of its link around its picture, a field in a frame around that; the browser those of its own parts itself.
  const card = element.closest("article, li");
  const seen = outlined(element) || outlined(element.parentElement) || style.boxShadow !== "none" || (card && [card, ...card.querySelectorAll("*")].some(outlined));
  const inControls = element.matches("video[controls]:not(:focus)"); // one of its buttons has it
  if (!seen && !inControls && !/^(date|datetime-local|time|month|week)$/.test(element.type)) wrong.push("focus not seen");
  const inside = (x, y) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
  const points = [
    [box.left + box.width / 2, box.top + box.height / 2],
    [box.left + 3, box.top + 3],
    [box.right - 3, box.top + 3],
    [box.left + 3, box.bottom - 3],
    [box.right - 3, box.bottom - 3],
  ].filter(([x, y]) => inside(x, y));
  const shown = points.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (top === element || element.contains(top) || top.contains(element) || top.closest("label")?.contains(element));
  });
  if (!shown && box.width > 1) wrong.push("focus obscured");
  const label = (element.getAttribute("aria-label") || element.textContent || element.name || "").trim().replace(/\s+/g, " ");
  return { name: `${element.localName}.${[...element.classList].join(".")} “${label.slice(0, 40)}”`, wrong };
})();
