// Sends a file in pieces (tus 1.0), as often as it takes: after each failure it asks how much has come, and goes on there.

import { ApiError, csrfToken } from "./api.js";

const TUS = { "Tus-Resumable": "1.0.0" };
const WAITS_MS = [0, 1000, 2000, 5000, 10000, 20000];
const RETRIED = new Set([0, 408, 409, 429]); // 0: no answer at all; whatever is 500 or more is retried as well

export async function beginUpload(url, file, told) {
  const metadata = Object.entries({ filename: file.name, ...told }).map(([name, text]) => `${name} ${base64(text)}`);
  const headers = { "Upload-Length": String(file.size), "Upload-Metadata": metadata.join(",") };
  const request = await send("POST", url, headers);
  return JSON.parse(request.responseText);
}

export async function cancelUpload(url) {
  await send("DELETE", url, {});
}

export async function receivedBytes(url) {
  return Number((await send("HEAD", url, {})).getResponseHeader("Upload-Offset"));
}

export class FileSender {
  // `onProgress(bytes)` is called with how much has left; a retry may take some of it back.
  constructor(file, url, { chunkBytes, onProgress, onWaiting }) {
    Object.assign(this, { file, url, chunkBytes, onProgress, onWaiting });
    this.stopped = false;
    this.request = null;
    this.wake = null;
  }

  // Resolves with whether all of it has come: false when it was stopped. Throws ApiError when it was refused.
  async run() {
    let failures = 0;
    this.stopped = false;
    for (let offset = null; !this.stopped; ) {
      try {
        offset ??= await receivedBytes(this.url);
        this.onProgress(offset);
        if (offset >= this.file.size) return true;
        offset = await this.sendPiece(offset);
        failures = 0;
      } catch (error) {
        if (this.stopped) break;
        if (!(error instanceof ApiError) || !(RETRIED.has(error.status) || error.status >= 500)) throw error;
        offset = null;
        failures += 1;
        await this.pause(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)]);
      }
    }
    return false;
  }

  stop() {
    this.stopped = true;
    this.request?.abort();
    this.wake?.();
  }

  async sendPiece(offset) {
    const piece = this.file.slice(offset, offset + this.chunkBytes);
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const request = await send("PATCH", this.url, headers, piece, (started) => {
      this.request = started;
      started.upload.addEventListener("progress", ({ loaded }) => this.onProgress(offset + loaded));
    });
    return Number(request.getResponseHeader("Upload-Offset"));
  }

  async pause(milliseconds) {
    this.onWaiting();
    await new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }
}

// XMLHttpRequest, because fetch does not say how much of a body has left.
function send(method, url, headers, body = null, onStart = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries({ ...TUS, Accept: "application/json", ...headers })) {
      request.setRequestHeader(name, value);
    }
    if (method !== "HEAD") request.setRequestHeader("X-CSRFToken", csrfToken());
    request.addEventListener("error", () => reject(new ApiError(0, "The connection was lost.")));
    request.addEventListener("abort", () => reject(new ApiError(0, "It was stopped.")));
    request.addEventListener("load", () => {
      if (request.status < 400) resolve(request);
      else reject(new ApiError(request.status, reasonIn(request)));
    });
    onStart(request);
    request.send(body);
  });
}

function reasonIn(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return request.status === 410 ? "This upload was given up." : "That did not work. Try again in a moment.";
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
