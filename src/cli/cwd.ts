/** A folder that has been deleted has no name any more; Codex may work all the same, with `--cd` or without any. */
export function readCwd(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD || '/';
  }
}
