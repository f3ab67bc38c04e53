// Runs before the first paint, so that neither theme nor rail nor theatre flashes; colours the bars of phones alike. Not a module: modules run too late.
(() => {
  const root = document.documentElement;
  let theme = null;
  let rail = null;
  let theatre = null;
  try {
    theme = localStorage.getItem("theme");
    rail = localStorage.getItem("rail");
    theatre = localStorage.getItem("theatre");
  } catch {
    // Storage may be forbidden; the system's wish and the wide rail are fine then.
  }
  const paintBars = () => {
    const colour = document.querySelector('meta[name="theme-color"]');
    if (colour) colour.content = colour.dataset[root.dataset.theme];
  };
  root.dataset.theme = theme || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  paintBars();
  new MutationObserver(paintBars).observe(root, { attributeFilter: ["data-theme"] });
  if (rail) root.dataset.rail = rail;
  if (theatre === "yes") root.dataset.theatre = "true"; // of the watch page alone, which would jump otherwise
})();
