/* Buttons of the header: a policy forbids code in attributes, so they say only which one they are. */
(function () {
  "use strict";
  var presses = {
    "print": function () { window.print(); },
    "full-screen": function () { window.toggleFullScreen(); },
  };
  document.querySelectorAll("[data-press]").forEach(function (button) {
    button.addEventListener("click", presses[button.dataset.press]);
  });
}());
