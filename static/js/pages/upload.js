// Uploading videos: files go in pieces and go on after a break, rows tell how far each is.

import { callApi } from "../shared/api.js";
import { bytes, clock, remaining } from "../shared/format.js";
import { recall, remember } from "../shared/storage.js";
import { FileSender, beginUpload, cancelUpload } from "../shared/tus.js";

const LOOK_MS = 2000;
const SPEED_SECONDS = 8; // over which the speed is measured
const WORKING = new Set(["checking", "transcoding"]);

const form = document.querySelector("[data-new]");
const rows = new Map();

class Row {
  constructor(upload, element) {
    this.element = element;
    this.upload = upload;
    this.sender = null;
    this.sent = [];
    this.waiting = false;
    this.part("pause").addEventListener("click", () => this.toggle());
    this.part("cancel").addEventListener("click", () => this.cancel());
    this.show();
  }

  get url() {
    return `${form.dataset.url}/${this.upload.id}`;
  }

  get sending() {
    return this.sender !== null && !this.sender.stopped;
  }

  async send(file) {
    this.sender = new FileSender(file, this.url, {
      chunkBytes: Number(form.dataset.chunk),
      onProgress: (count) => this.progress(count),
      onWaiting: () => {
        this.waiting = true;
        this.show();
      },
    });
    await this.go();
  }

  async go() {
    this.sent = [];
    this.sender.stopped = false;
    this.show();
    try {
      if (await this.sender.run()) {
        remember(fingerprint(this.sender.file), null);
        this.sender = null;
        await look();
      }
    } catch (error) {
      this.sender = null;
      this.upload.reason = error.message;
    }
    this.show();
  }

  progress(count) {
    this.waiting = false;
    this.upload.received = count;
    const now = performance.now() / 1000;
    this.sent.push([now, count]);
    while (this.sent.length > 2 && now - this.sent[0][0] > SPEED_SECONDS) this.sent.shift();
    this.show();
  }

  toggle() {
    if (this.sending) {
      this.sender.stop();
      this.show();
    } else if (this.sender) this.go();
  }

  async cancel() {
    this.sender?.stop();
    try {
      await cancelUpload(this.url);
    } catch (error) {
      if (error.status !== 404) {
        this.part("stage").textContent = error.message;
        return;
      }
    }
    rows.delete(this.upload.id);
    this.element.remove();
    document.querySelector("[data-none]").hidden = rows.size > 0;
    document.querySelector("[data-news]").textContent = `“${this.upload.title}” is removed from the list.`;
    form.querySelector("[data-file]").focus();
  }

  show() {
    const { upload } = this;
    this.part("title").textContent = upload.title;
    this.part("filename").textContent = `${upload.filename} · ${bytes(upload.length)}`;
    this.part("stage").textContent = this.stage();
    this.element.classList.toggle("upload-row--refused", Boolean(upload.reason));
    const share = this.share();
    this.part("progress").hidden = share === null;
    if (share === undefined) this.part("progress").removeAttribute("value");
    else if (share !== null) this.part("progress").value = share;
    this.part("pause").hidden = upload.state !== "receiving" || !this.sender;
    this.part("pause").textContent = this.sending ? "Pause" : "Go on";
    this.part("cancel").hidden = false;
    this.part("cancel").textContent = upload.state === "receiving" || WORKING.has(upload.state) ? "Cancel" : "Hide";
    this.part("watch").hidden = !upload.video;
    if (upload.video) this.part("watch").href = upload.video;
  }

  // null: there is nothing to show; undefined: nobody knows.
  share() {
    const { state, received, length, done_seconds: done, total_seconds: total } = this.upload;
    if (state === "receiving") return received / length;
    if (state === "checking") return undefined;
    if (state === "transcoding") return total ? Math.min(done / total, 1) : undefined;
    return null;
  }

  stage() {
    const { upload } = this;
    if (upload.reason) return upload.reason;
    if (upload.state === "ready") return upload.video ? "Ready." : "It was made, and deleted since.";
    if (upload.state === "checking") return "All of it has come. It is looked at next.";
    if (upload.state === "transcoding") return this.making();
    const came = `${bytes(upload.received)} of ${bytes(upload.length)}`;
    if (!this.sender) return `${came}. Choose “${upload.filename}” again to go on.`;
    if (!this.sending) return `Paused at ${came}.`;
    return this.waiting ? `${came} · the connection is lost, trying again…` : `${came}${this.pace()}`;
  }

  making() {
    const { done_seconds: done, total_seconds: total } = this.upload;
    if (!total) return `Its qualities are made: ${clock(done)} so far.`;
    return `Its qualities are made: ${clock(done)} of ${clock(total)} (${Math.floor((100 * done) / total)} %).`;
  }

  pace() {
    const [first, last] = [this.sent[0], this.sent.at(-1)];
    if (!first || last[0] - first[0] < 1 || last[1] <= first[1]) return "";
    const speed = (last[1] - first[1]) / (last[0] - first[0]);
    return ` · ${bytes(speed)}/s · ${remaining((this.upload.length - last[1]) / speed)}`;
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }
}

function addRow(upload) {
  const element = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
  element.dataset.upload = upload.id;
  document.querySelector("[data-uploads]").prepend(element);
  document.querySelector("[data-none]").hidden = true;
  const row = new Row(upload, element);
  rows.set(upload.id, row);
  return row;
}

const fingerprint = (file) => `upload:${file.name}:${file.size}:${file.lastModified}`;

// --- Choosing a file

let chosen = null;

function choose(file) {
  fail("");
  if (file && file.size > Number(form.dataset.most)) return fail(`“${file.name}” is larger than may be uploaded here.`);
  if (file && file.size === 0) return fail(`“${file.name}” is empty.`);
  chosen = file;
  form.querySelector("[data-name]").textContent = file ? `${file.name} · ${bytes(file.size)}` : "or drop it here";
  const begun = file && begunBefore(file);
  form.querySelector("[data-begin]").textContent = begun ? "Go on where it stopped" : "Upload";
  if (file) form.querySelector("[data-new-title]").value = begun ? begun.upload.title : file.name.replace(/\.[^.]*$/, "");
  return undefined;
}

function begunBefore(file) {
  const row = rows.get(recall(fingerprint(file), ""));
  return row && row.upload.state === "receiving" && !row.sending ? row : null;
}

async function rowFor(file) {
  const before = begunBefore(file);
  if (before) return before;
  const told = {
    title: form.querySelector("[data-new-title]").value,
    visibility: form.querySelector("[data-visibility]").value,
  };
  const upload = await beginUpload(form.dataset.url, file, told);
  remember(fingerprint(file), upload.id);
  return addRow(upload);
}

function fail(text) {
  form.querySelector("[data-error]").hidden = !text;
  form.querySelector("[data-error-text]").textContent = text;
}

// --- What the server does with them

async function look() {
  const listed = await callApi("GET", form.dataset.url);
  for (const upload of listed) {
    const row = rows.get(upload.id);
    if (!row) addRow(upload);
    else if (!row.sender) {
      if (row.upload.state !== upload.state && !["receiving", "checking"].includes(upload.state)) tell(upload);
      row.upload = upload;
      row.show();
    }
  }
}

function tell(upload) {
  const said = { ready: "is ready", refused: "was refused", transcoding: "has come, its qualities are made" };
  document.querySelector("[data-news]").textContent = `“${upload.title}” ${said[upload.state] ?? upload.state}.`;
}

async function lookAgain() {
  const waits = [...rows.values()].some((row) => WORKING.has(row.upload.state));
  if (waits && !document.hidden) await look().catch(() => {}); // next time, then
  setTimeout(lookAgain, LOOK_MS);
}

if (form) {
  for (const upload of JSON.parse(document.getElementById("uploads-now").textContent).reverse()) {
    document.querySelector(`[data-upload="${upload.id}"]`).remove();
    addRow(upload);
  }
  const input = form.querySelector("[data-file]");
  const drop = form.querySelector("[data-drop]");
  input.addEventListener("change", () => choose(input.files[0] ?? null));
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("upload-drop--over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
    });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!chosen) return fail("Choose a video first.");
    const button = form.querySelector("[data-begin]");
    const file = chosen;
    button.disabled = true;
    try {
      const row = await rowFor(file);
      input.value = "";
      form.querySelector("[data-new-title]").value = "";
      choose(null);
      row.send(file);
    } catch (error) {
      fail(error.message);
    }
    button.disabled = false;
    return undefined;
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...rows.values()].some((row) => row.sending)) event.preventDefault();
  });
  lookAgain();
}
