// Bots and tokens: a reload must not make another token, and one that was shown must not come back.

history.replaceState(null, "", location.pathname);
addEventListener("pagehide", () => {
  const shown = document.getElementById("token");
  if (shown) shown.value = "";
});
