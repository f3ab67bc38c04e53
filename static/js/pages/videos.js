// The owner's recordings or clips: visibility saves itself, deleting asks in place.

for (const form of document.querySelectorAll("form[data-visibility]")) {
  form.querySelector("[data-save]").hidden = true;
  form.querySelector("select").addEventListener("change", () => form.requestSubmit());
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
