// Passkeys: the browser makes or shows one, and the page's form sends what came of it.

const REFUSED = "That did not work. Try again, or use another way to sign in.";
const NO_PASSKEYS = "This browser has no passkeys here. They need an address with a name, not with numbers, and HTTPS.";

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The server's options with bytes where the browser wants bytes (WebAuthn level 3, section 5.1.8). */
function withBytes(options) {
  const ids = (list) => list?.map((one) => ({ ...one, id: bytesOf(one.id) }));
  const user = options.user && { ...options.user, id: bytesOf(options.user.id) };
  const wanted = { ...options, challenge: bytesOf(options.challenge), excludeCredentials: ids(options.excludeCredentials), allowCredentials: ids(options.allowCredentials) };
  return user ? { ...wanted, user } : wanted;
}

/** What the server reads, as PublicKeyCredential.toJSON() writes it. */
function asJson(credential) {
  const { response } = credential;
  const parts = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = textOf(response[name]);
  }
  return {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: parts,
  };
}

async function optionsFor(form) {
  if (form.dataset.passkey !== "login") return JSON.parse(document.getElementById("passkey-options").textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer.json();
}

/** A passkey that signs in by itself stays in the authenticator, and the authenticator checks who uses it. */
function forPasswordless(publicKey, form) {
  const alone = form.elements.passwordless?.checked ?? false;
  const residentKey = alone ? "required" : "discouraged";
  const selection = { ...publicKey.authenticatorSelection, residentKey, requireResidentKey: alone };
  if (alone) selection.userVerification = "required";
  return { ...publicKey, authenticatorSelection: selection };
}

async function askFor(form) {
  const options = await optionsFor(form);
  if (form.dataset.passkey === "create") {
    const publicKey = forPasswordless(withBytes(options.creation_options.publicKey), form);
    return navigator.credentials.create({ publicKey });
  }
  return navigator.credentials.get({ publicKey: withBytes(options.request_options.publicKey) });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const error = form.querySelector("[data-passkey-error]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    try {
      if (!window.PublicKeyCredential) throw new Error(NO_PASSKEYS);
      form.elements.credential.value = JSON.stringify(asJson(await askFor(form)));
      form.submit();
    } catch (reason) {
      const never = !window.PublicKeyCredential || reason.name === "SecurityError"; // an address in numbers, no HTTPS
      error.textContent = never ? NO_PASSKEYS : REFUSED;
      error.hidden = false;
      console.warn(reason);
    }
  });
}
