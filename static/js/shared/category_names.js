// Names of categories for a field where one is typed: its list is filled while someone types.

import { callApi } from "./api.js";

const WAIT_MS = 150;
let timer = 0;

export function suggestCategories(input) {
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => suggest(input), WAIT_MS);
  });
}

async function suggest(input) {
  const typed = input.value.trim();
  if (!typed || [...input.list.options].some((option) => option.value === typed)) return;
  const asked = callApi("GET", `/api/v1/search/suggestions?q=${encodeURIComponent(typed)}`);
  const { categories } = await asked.catch(() => ({ categories: [] }));
  if (input.value.trim() !== typed || !categories.length) return; // the list of before helps more than none
  input.list.replaceChildren(...categories.map(({ name }) => new Option(name, name)));
}
