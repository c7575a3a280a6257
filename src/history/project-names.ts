import type { NameProject } from '../agents/session-reader.js';
import { nameProject } from '../io/work-tree.js';

/** Looks each directory up once: a history has many sessions in few of them. */
export function createProjectNames(): NameProject {
  const names = new Map<string, string>();
  return (cwd) => {
    const name = names.get(cwd) ?? nameProject(cwd).value;
    names.set(cwd, name);
    return name;
  };
}
