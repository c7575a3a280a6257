/**
 * Returns a `require` that finds packages as the file at `url` does. The bundled commands have one of their own; elsewhere
 * `node:module` is loaded when it is called, because that takes 2 ms.
 */
export function requireFrom(url: string): NodeJS.Require {
  return typeof require === 'function' ? require : process.getBuiltinModule('node:module').createRequire(url);
}
