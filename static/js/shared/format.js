// Numbers and lengths of time as the pages show them.

export function clock(seconds) {
  const whole = Math.max(Math.floor(seconds || 0), 0);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const secs = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${secs}` : `${minutes}:${secs}`;
}

export function count(number) {
  return new Intl.NumberFormat("en-GB").format(number || 0);
}

export function bitrate(bitsPerSecond) {
  if (!bitsPerSecond) return "–";
  return bitsPerSecond >= 1e6 ? `${(bitsPerSecond / 1e6).toFixed(1)} Mb/s` : `${Math.round(bitsPerSecond / 1e3)} kb/s`;
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(number) {
  let [value, place] = [number || 0, 0];
  for (; value >= 999.5 && place < BYTE_UNITS.length - 1; place += 1) value /= 1000;
  return `${value >= 100 || place === 0 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[place]}`;
}

export function remaining(seconds) {
  if (seconds < 60) return "less than a minute left";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

const AGES = [
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
  [7, "day"],
  [Infinity, "week"],
];

// As Django's `naturaltime` says it, roughly.
export function ago(date) {
  let age = Math.max((Date.now() - Date.parse(date)) / 1000, 0);
  for (const [size, unit] of AGES) {
    if (age < size) return unit === "second" ? "just now" : `${Math.floor(age)} ${unit}${Math.floor(age) === 1 ? "" : "s"} ago`;
    age /= size;
  }
  return "";
}
