import { readFileSync } from 'node:fs';

/** A query of Grafana's dashboard for PostgreSQL, with the title of its panel or the name of its variable. */
export interface DashboardQuery {
  readonly title: string;
  readonly sql: string;
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly rawSql: string }[];
  }[];
  readonly templating: { readonly list: readonly { name: string; type: string; query: string }[] };
}

const read = (name: string) => readFileSync(new URL(`../../dashboards/${name}`, import.meta.url), 'utf8');

export const DASHBOARD = JSON.parse(read('grafana-postgres.json')) as Dashboard;
export const PANELS: readonly DashboardQuery[] = DASHBOARD.panels.flatMap(({ title, targets = [] }) => {
  return targets.map(({ rawSql }) => ({ title, sql: rawSql }));
});
export const VARIABLES: readonly DashboardQuery[] = DASHBOARD.templating.list
  .filter(({ type }) => type === 'query')
  .map(({ name, query }) => ({ title: name, sql: query }));

/** Returns the SQL of a panel for the last 30 days, with what Grafana puts in the place of its variables and macros. */
export function sqlOfPanel(title: string, chosen: Chosen): string {
  const panel = PANELS.find((one) => one.title === title);
  if (!panel) throw new Error(`the dashboard has no panel "${title}"`);
  return fillIn(panel.sql, chosen);
}

/** What is chosen in the lists at the top of the dashboard. */
export interface Chosen {
  readonly users: readonly string[];
  readonly projects: readonly string[];
}

const DAY_MS = 86_400_000;

export function fillIn(sql: string, { users, projects }: Chosen): string {
  const [from, to] = [Date.now() - 30 * DAY_MS, Date.now() + DAY_MS].map((ms) => new Date(ms).toISOString());
  const quote = (names: readonly string[]) => names.map((name) => `'${name}'`).join(',');
  return sql
    .replace(/\$__timeFilter\(([^()]+)\)/g, (_, column: string) => `${column} BETWEEN '${from}' AND '${to}'`)
    .replaceAll('$user', quote(users))
    .replaceAll('$project', quote(projects));
}
