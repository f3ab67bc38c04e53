// Push for this browser: what is possible here, turning it on (asked for by a click, never before) and off.

import { callApi } from "./api.js";
import { recall, remember } from "./storage.js";

const URL_OF_API = "/api/v1/notifications/push";
const KEPT = "push-endpoint"; // what the site was told last from this browser

// "on", "off", "blocked", "insecure", "unsupported"
export async function pushState() {
  if (!window.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  return (await subscription()) && recall(KEPT) ? "on" : "off";
}

export async function turnPushOn(key) {
  if ((await Notification.requestPermission()) !== "granted") return;
  const registration = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  await tell(await subscribe(registration, key));
}

export async function turnPushOff() {
  const current = await subscription();
  remember(KEPT, null);
  if (!current) return;
  await callApi("DELETE", URL_OF_API, { endpoint: current.endpoint });
  await current.unsubscribe();
}

// Browsers change their address now and then, and the site may have another key: it hears of both at the next visit.
export async function keepPushFresh() {
  if (!recall(KEPT) || (await pushState()) === "blocked" || !navigator.serviceWorker) return;
  const current = await subscription();
  if (current && current.endpoint === recall(KEPT)) return;
  if (Notification.permission !== "granted") return;
  const { public_key: key } = await callApi("GET", URL_OF_API);
  await turnPushOn(key);
}

async function subscribe(registration, key) {
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  try {
    return await registration.pushManager.subscribe(options);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    // It has one for the key the site had before.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    return registration.pushManager.subscribe(options);
  }
}

async function tell(current) {
  const { endpoint, keys } = current.toJSON();
  await callApi("POST", URL_OF_API, { endpoint, keys });
  remember(KEPT, endpoint);
}

async function subscription() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return registration ? registration.pushManager.getSubscription() : null;
}

function bytesOf(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
