import { nameProject } from '../io/work-tree.js';

/** The project that belongs to a directory. */
export type NameProject = (cwd: string) => string;

/** Looks each directory up once: a history has many sessions in few of them. */
export function createProjectNames(): NameProject {
  const names = new Map<string, string>();
  return (cwd) => {
    const name = names.get(cwd) ?? nameProject(cwd).value;
    names.set(cwd, name);
    return name;
  };
}
