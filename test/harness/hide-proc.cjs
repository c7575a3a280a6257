// Loaded with `node --require`: takes from our own processes what Linux alone has, so that they do what they do on macOS. `/proc`
// is not there, and the platform says so. The programs that they start then, `ps` and `lsof` among them, work as ever.
const fs = require('node:fs');

// npm's launcher of Codex is no process of ours: it would look for the program of the other system.
if (!/(?:^|\/)codex(?:\.js)?$/.test(process.argv[1] ?? '')) hideProc();

function hideProc() {
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  for (const functions of [fs, fs.promises]) {
    for (const name of ['access', 'open', 'readFile', 'readdir', 'readlink', 'realpath', 'stat', 'lstat', 'exists']) {
      for (const each of [name, `${name}Sync`]) {
        const real = functions[each];
        if (typeof real === 'function') functions[each] = Object.assign(hide(real), real);
      }
    }
  }
  require('node:module').syncBuiltinESMExports();
}

function hide(real) {
  return function (path, ...rest) {
    return real.call(this, isOfProc(path) ? '/nonexistent' : path, ...rest);
  };
}

function isOfProc(path) {
  return /^\/proc(?:\/|$)/.test(String(path));
}
