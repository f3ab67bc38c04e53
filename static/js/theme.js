// Runs before the first paint, so that neither theme nor rail flashes. Not a module: modules run too late.
(() => {
  const root = document.documentElement;
  let theme = null;
  let rail = null;
  try {
    theme = localStorage.getItem("theme");
    rail = localStorage.getItem("rail");
  } catch {
    // Storage may be forbidden; the system's wish and the wide rail are fine then.
  }
  root.dataset.theme = theme || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  if (rail) root.dataset.rail = rail;
})();
