// Sorting and filtering of tables. Pages read the same without it.
"use strict";
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const order = [...body.rows];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort";
    head.classList.add("sortable");
    const link = head.querySelector("a");
    if (link) {
      // The link stays a link; the arrow beside it sorts.
      button.className = "arrow";
      button.setAttribute("aria-label", "Sort by " + head.textContent.trim());
      head.append(button);
    } else {
      button.append(...head.childNodes);
      head.append(button);
    }
    button.addEventListener("click", () => {
      const was = head.getAttribute("aria-sort");
      const first = head.classList.contains("num") ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      const next = was === first ? second : was === second ? null : first;
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      let rows = order;
      if (next) {
        head.setAttribute("aria-sort", next);
        const key = (row) => {
          const cell = row.cells[column];
          if (cell.dataset.key !== undefined) return Number(cell.dataset.key);
          const text = cell.textContent.trim();
          const number = Number(text.replace(/[\u202f\s%]/g, ""));
          return head.classList.contains("num") && !Number.isNaN(number) ? number : text;
        };
        const sign = next === "ascending" ? 1 : -1;
        rows = [...order].sort((one, two) => {
          const a = key(one);
          const b = key(two);
          if (typeof a === "number" && typeof b === "number") return sign * (a - b);
          return sign * String(a).localeCompare(String(b), "en", { numeric: true });
        });
      }
      body.append(...rows);
    });
  });
  if (table.dataset.filter !== undefined) {
    const tools = document.createElement("form");
    tools.className = "tools";
    tools.setAttribute("role", "search");
    const search = document.createElement("input");
    search.type = "search";
    const label = document.createElement("label");
    label.append(table.dataset.filter + " with", search);
    const red = document.createElement("input");
    red.type = "checkbox";
    const only = document.createElement("label");
    only.append(red, "only where something fails");
    const count = document.createElement("output");
    tools.append(label, only, count);
    tools.addEventListener("submit", (event) => event.preventDefault());
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of order) {
        const text = row.textContent.toLowerCase();
        const fits = words.every((word) => text.includes(word)) && (!red.checked || row.querySelector(".F, .C, .T, .X, .K"));
        row.hidden = !fits;
        if (fits) shown += 1;
      }
      count.textContent = shown === order.length ? "" : shown + " of " + order.length;
    };
    search.addEventListener("input", apply);
    red.addEventListener("change", apply);
    table.closest(".scroll").before(tools);
  }
}
// A link to a failure opens what is closed around it.
const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (target) target.closest("details")?.setAttribute("open", "");
