// Calls to the site's own API with the session of the page.

export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export function csrfToken() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field ? field.value : "";
}

// With `keepalive` the call outlives the page.
export async function callApi(method, url, body, { keepalive = false } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  const response = await fetch(url, {
    method,
    headers,
    credentials: "same-origin",
    keepalive,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const answer = parse(text);
  if (!response.ok) throw new ApiError(response.status, reasonOf(answer, response.status));
  return answer;
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function reasonOf(answer, status) {
  if (answer && typeof answer.detail === "string") return answer.detail;
  if (answer && typeof answer.text === "string") return answer.text;
  if (status === 429) return "That was too often. Wait a moment and try again.";
  if (status >= 500) return "The site has a problem at the moment. Try again in a moment.";
  return "That did not work.";
}
