// A switch hides what its selector names, in the section it stands in; without scripts everything is shown.
"use strict";
for (const box of document.querySelectorAll("input[data-hides]")) {
  const scope = box.closest("section") || document;
  const apply = () => {
    for (const each of scope.querySelectorAll(box.dataset.hides)) {
      each.hidden = box.checked;
    }
  };
  box.addEventListener("change", apply);
  apply();
}
