// The streamer's schedule: who has none yet is offered the clock of his browser; categories are suggested.

import { suggestCategories } from "../shared/category_names.js";

const zone = document.querySelector("[data-zone-form][data-first] select");
const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && [...zone.options].some(({ value }) => value === here)) zone.value = here;

const category = document.getElementById("id_category");
if (category) suggestCategories(category);
