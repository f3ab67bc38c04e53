// What can be said of a page by measuring it. Returns [{kind, text}]; runs in the page, knows nothing of the site.
(() => {
  const findings = [];
  const say = (kind, text) => findings.push({ kind, text });
  const name = (element) => {
    const label = element.id ? `#${element.id}` : [...element.classList].slice(0, 2).map((one) => `.${one}`).join("");
    const text = (element.textContent || element.getAttribute("aria-label") || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `${element.localName}${label}${text ? ` “${text}”` : ""}`;
  };
  const root = document.documentElement;
  const visible = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  // Kept for screen readers alone, whatever class does it: cut to nothing.
  const hiddenForEyes = (element) => {
    for (let parent = element; parent && parent !== document.body; parent = parent.parentElement) {
      const { clipPath, position } = getComputedStyle(parent);
      if (position === "absolute" && clipPath === "inset(50%)") return true;
    }
    return false;
  };
  const scrollsInside = (element) => {
    for (let parent = element.parentElement; parent && parent !== document.body; parent = parent.parentElement) {
      const { overflowX } = getComputedStyle(parent);
      if (overflowX !== "visible") return true;
    }
    return false;
  };

  function unstyled() {
    if (!getComputedStyle(root).getPropertyValue("--bg").trim()) say("unstyled", "the tokens are missing");
    for (const link of document.querySelectorAll('link[rel="stylesheet"]')) {
      if (!link.sheet) say("unstyled", `no sheet came from ${link.getAttribute("href")}`);
    }
  }

  function overflow() {
    if (root.scrollWidth <= innerWidth) return;
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => visible(element) && element.getBoundingClientRect().right > innerWidth + 1 && !scrollsInside(element),
    );
    const deepest = wide.filter((element) => !wide.some((other) => other !== element && element.contains(other)));
    say("overflow", `${root.scrollWidth} px in ${innerWidth}: ${deepest.slice(0, 3).map(name).join(", ") || "?"}`);
  }

  const ownText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

  // Cut off without a sign of it. An ellipsis, a clamp or a scroll bar is a sign.
  function clipped() {
    for (const element of document.body.querySelectorAll("*")) {
      if (!ownText(element) || !visible(element) || hiddenForEyes(element)) continue;
      const style = getComputedStyle(element);
      const wide = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
      const high = element.scrollHeight > element.clientHeight + 3 && element.clientHeight > 0;
      const hides = (value) => value === "hidden" || value === "clip";
      if (wide && hides(style.overflowX) && style.textOverflow !== "ellipsis") say("clipped", `${name(element)} at its side`);
      else if (high && hides(style.overflowY) && style.webkitLineClamp === "none" && style.textOverflow !== "ellipsis")
        say("clipped", `${name(element)} at its end`);
    }
  }

  // Each piece of text where it is really seen, with the layer that it lies on.
  function texts() {
    const pieces = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const top = document.querySelector("dialog:modal");
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || /^(script|style|template|noscript|option|textarea)$/.test(element.localName)) continue;
      if ((top && !top.contains(element)) || !visible(element) || hiddenForEyes(element)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const layer = layerOf(element);
      // One for each line that it wraps to.
      for (const line of range.getClientRects()) {
        const box = cut(line, element);
        if (box.width > 2 && box.height > 2) pieces.push({ element, box, layer });
      }
    }
    return pieces;
  }

  function cut(rect, element) {
    let { left, right, top, bottom } = rect;
    for (let parent = element; parent && parent !== document.body; parent = parent.parentElement) {
      const style = getComputedStyle(parent);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const frame = parent.getBoundingClientRect();
      [left, right] = [Math.max(left, frame.left), Math.min(right, frame.right)];
      [top, bottom] = [Math.max(top, frame.top), Math.min(bottom, frame.bottom)];
    }
    return { left, right, top, bottom, width: right - left, height: bottom - top };
  }

  // Text on different layers may lie over one another: a menu over the page, a badge on a picture.
  function layerOf(element) {
    for (let parent = element; parent && parent !== document.body; parent = parent.parentElement) {
      if (parent.matches("dialog, [popover]")) return parent;
      const { position } = getComputedStyle(parent);
      if (position === "fixed" || position === "absolute" || position === "sticky") return parent;
    }
    return document.body;
  }

  function overlapping() {
    const pieces = texts();
    for (const [number, one] of pieces.entries()) {
      for (const other of pieces.slice(number + 1)) {
        if (one.layer !== other.layer || one.element === other.element) continue;
        const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const height = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        const least = Math.min(one.box.height, other.box.height);
        if (width > 3 && height > least * 0.35) say("overlap", `${name(one.element)} and ${name(other.element)}`);
      }
    }
  }

  function moving() {
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const animation of document.getAnimations()) {
      const { duration, iterations } = animation.effect.getComputedTiming();
      if (animation.playState === "running" && duration > 50 && iterations > 1 && animation.effect.target)
        say("motion", `${name(animation.effect.target)} moves although motion is to be reduced`);
    }
  }

  function ids() {
    const seen = new Set();
    for (const { id } of document.querySelectorAll("[id]:not(svg *)")) {
      if (seen.has(id)) say("double id", id);
      seen.add(id);
    }
  }

  for (const check of [unstyled, overflow, clipped, overlapping, moving, ids]) check();
  return findings;
})();
