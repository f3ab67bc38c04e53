// The owner's recordings or clips: visibility saves itself, deleting asks in place, ticks are counted.

for (const form of document.querySelectorAll("form[data-visibility]")) {
  form.querySelector("select").addEventListener("change", () => form.requestSubmit());
}

const search = document.querySelector("form[data-search]");
if (search) {
  search.addEventListener("change", () => search.requestSubmit());
}

for (const form of document.querySelectorAll("form[data-bulk]")) {
  const all = form.querySelector("[data-all]");
  const ticks = [...document.querySelectorAll(`[data-choose][form="${form.id}"]`)];
  const show = () => {
    const chosen = ticks.filter(({ checked }) => checked).length;
    form.querySelector("[data-chosen]").textContent = chosen ? `${chosen} chosen` : "";
    form.querySelector("[data-apply]").disabled = chosen === 0;
    all.checked = chosen === ticks.length;
    all.indeterminate = chosen > 0 && !all.checked;
  };
  all.addEventListener("change", () => {
    for (const tick of ticks) tick.checked = all.checked;
    show();
  });
  for (const tick of ticks) tick.addEventListener("change", show);
  show(); // the browser may have kept the ticks of an earlier visit
}

const dialog = document.getElementById("delete-dialog");
for (const link of document.querySelectorAll("[data-delete]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.querySelector("[data-delete-title]").textContent = link.dataset.delete;
    dialog.querySelector("[data-delete-form]").action = link.href;
    dialog.showModal();
  });
}
