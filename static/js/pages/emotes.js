// The streamer's emotes: a picture is shown before it is sent, and sending shows how far it is.

class Upload {
  constructor(form) {
    this.form = form;
    this.file = form.querySelector("input[type=file]");
    this.button = form.querySelector("button");
    this.most = Number(form.dataset.most);
    this.preview = null;
    this.part("preview").firstElementChild.addEventListener("error", () => {
      this.part("preview").hidden = true;
      this.fail("That is no picture that can be shown. Use a PNG, GIF, WebP or JPEG file.");
    });
    this.file.addEventListener("change", () => this.show());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.button.disabled && this.check()) this.send();
    });
  }

  check() {
    const chosen = this.file.files[0];
    if (!chosen || chosen.size <= this.most) return true;
    this.fail(`The file has ${Math.ceil(chosen.size / 1000)} kB. Use at most ${this.most / 1000} kB.`);
    return false;
  }

  show() {
    this.fail("");
    if (this.preview) URL.revokeObjectURL(this.preview);
    this.preview = this.file.files[0] ? URL.createObjectURL(this.file.files[0]) : null;
    this.part("preview").hidden = !this.preview || !this.check();
    if (this.preview) for (const image of this.part("preview").children) image.src = this.preview;
  }

  // XMLHttpRequest, because fetch does not say how much of a body has left.
  send() {
    const request = new XMLHttpRequest();
    this.fail("");
    this.busy(true);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      this.part("progress").value = total ? loaded / total : 0;
      this.part("stage").textContent = loaded < total ? "Uploading…" : "Making all sizes…";
    });
    request.addEventListener("error", () => this.fail("The connection was lost. Try again."));
    request.addEventListener("load", () => this.done(request));
    request.addEventListener("loadend", () => this.busy(false));
    request.open("POST", this.form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(this.form));
  }

  done(request) {
    if (request.status === 200) location.reload();
    else if (request.status === 413) this.fail(`The file is too large. Use at most ${this.most / 1000} kB.`);
    else this.fail(reasonIn(request.responseText) ?? "That did not work. Try again in a moment.");
  }

  busy(yes) {
    this.button.disabled = yes;
    this.part("progress").hidden = !yes;
    this.part("progress").value = 0;
    this.part("stage").textContent = yes ? "Uploading…" : "";
  }

  fail(text) {
    this.part("error").hidden = !text;
    this.part("error-text").textContent = text;
  }

  part(name) {
    return this.form.querySelector(`[data-${name}]`);
  }
}

function reasonIn(text) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return null; // not from the site itself
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) new Upload(form);
