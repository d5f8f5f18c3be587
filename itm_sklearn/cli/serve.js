"use strict";
// The page of `itm serve`. Whatever comes from the gallery is set as text, never as HTML.

const part = (id) => document.getElementById(id);
let picture = null;
let latest = 0;

function choose(file) {
  picture = file;
  URL.revokeObjectURL(part("preview").src);
  part("preview").hidden = part("clear").hidden = !file;
  part("hint").textContent = file ? file.name : "Drop a picture here, or choose one: alone, or with a text";
  if (file) part("preview").src = URL.createObjectURL(file);
  part("file").value = "";
  refresh();
}

function refresh() {
  part("weight").hidden = !(picture && part("text").value.trim());
}

function tell(message, wrong) {
  part("message").textContent = message;
  part("message").classList.toggle("wrong", Boolean(wrong));
}

async function search() {
  refresh();
  if (!picture && !part("text").value.trim()) return tell("Type a text, or drop a picture.", true);
  const asked = ++latest;
  const values = new URLSearchParams();
  for (const id of ["text", "target", "text_weight"]) values.set(id, part(id).value);
  tell("Searching …");
  try {
    const response = await fetch("search?" + values, { method: "POST", body: picture });
    const found = await response.json();
    // An answer that comes late must not replace that of a later question.
    if (asked !== latest) return;
    if (!response.ok) return tell(found.error, true);
    show(found);
  } catch {
    if (asked === latest) tell("The server does not answer.", true);
  }
}

function show(found) {
  tell(`The best ${found.results.length} of ${found.n_items} ${found.target}`);
  part("results").replaceChildren(...found.results.map((result, i) => item(found.target, result, i)));
}

function item(target, result, i) {
  const copy = part("result").content.cloneNode(true);
  const image = copy.querySelector("img");
  if (target === "images") image.src = "image/" + result.number;
  else image.hidden = true;
  image.alt = result.texts[0] || `image ${result.number}`;
  copy.querySelector(".text").textContent = result.texts.slice(0, 2).join(" / ");
  copy.querySelector("meter").value = Math.max(0, result.score);
  copy.querySelector(".score").textContent = reasons(result, i).join(" · ");
  return copy;
}

function reasons(result, i) {
  const words = [`${i + 1}`, `similarity ${result.score.toFixed(3)}`];
  const place = (rank) => (rank ? `rank ${rank}` : "far down");
  if ("rank_by_text" in result) words.push(`by text alone ${place(result.rank_by_text)}`);
  if ("rank_by_image" in result) words.push(`by picture alone ${place(result.rank_by_image)}`);
  return words;
}

part("question").addEventListener("submit", (event) => { event.preventDefault(); search(); });
part("text").addEventListener("input", refresh);
part("target").addEventListener("change", search);
part("text_weight").addEventListener("change", search);
part("clear").addEventListener("click", () => choose(null));
part("file").addEventListener("change", (event) => {
  if (event.target.files.length) { choose(event.target.files[0]); search(); }
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    part("drop").classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) { choose(event.dataTransfer.files[0]); search(); }
  });
}

// A link to the page can hold a question: ?text=a+dog&target=texts
for (const [id, value] of new URLSearchParams(location.search)) {
  if (["text", "target", "text_weight"].includes(id)) part(id).value = value;
}
if (part("text").value.trim()) search();
