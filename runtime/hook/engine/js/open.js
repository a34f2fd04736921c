// Runs the top level of a file.
(function (files, file) {
  "use strict";
  files[file]();
})
