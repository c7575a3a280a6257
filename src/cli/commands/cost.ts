import { basename, join, sep } from 'node:path';
import type { Paths } from '../../config/paths.js';
import { findWorkTree } from '../../io/work-tree.js';
import { createClock } from '../../report/clock.js';
import { toCostJson } from '../../report/cost-json.js';
import { renderCostMarkdown } from '../../report/cost-markdown.js';
import { readCostReport } from '../../report/cost-report.js';
import { renderCostText } from '../../report/cost-text.js';
import { readList, renderListText, toListJson } from '../../report/listing.js';
import { selectScope } from '../../report/selection.js';
import { readSnapshot } from '../../store/queries.js';
import type { Place } from '../../store/scopes.js';
import type { Store } from '../../store/store.js';
import type { CostRequest } from './cost-options.js';
import type { Host } from './host.js';
import { describeLook } from './look.js';
import { formatJson, showReport } from './show.js';

export interface Surroundings extends Paths {
  /** The project's name, where the user has set one. */
  readonly project: string | undefined;
}

/** Writes what `request` asks for to the host. Returns the exit code: 1 when there is nothing to show. */
export function runCostCommand(request: CostRequest, host: Host, surroundings: Surroundings): Promise<number> {
  return showReport(request, host, surroundings, (store) => {
    if (request.view === 'list') return renderList(store, request, host);
    return renderReport(store, request, host, findPlace(host, surroundings));
  });
}

function renderReport(store: Store, request: CostRequest, host: Host, place: Place): string {
  const { selection, report } = readSnapshot(store, (connection) => {
    const chosen = selectScope(connection, { ...request, place });
    return { selection: chosen, report: readCostReport(connection, chosen.scope, request) };
  });
  if (request.format === 'json') return formatJson(toCostJson(report, selection, request));
  const options = { ...request, clock: createClock(request.timeZone), nowMs: Date.now() };
  if (request.format === 'markdown') return renderCostMarkdown(report, selection, options);
  return renderCostText(report, selection, { ...options, ...describeLook(request, host) });
}

function renderList(store: Store, request: CostRequest, host: Host): string {
  const entries = readSnapshot(store, (connection) => readList(connection, request));
  if (request.format === 'json') return formatJson(toListJson(request.kind, entries));
  return renderListText(entries, { ...describeLook(request, host), clock: createClock(request.timeZone) });
}

/** The work tree that the reader stands in, or the directory alone. */
function findPlace({ cwd }: Host, { project }: Surroundings): Place {
  const workTree = findWorkTree(cwd);
  const directory = workTree?.root ?? cwd;
  return {
    directory,
    below: workTree && join(workTree.root, sep),
    projectId: project ?? basename(workTree?.repository ?? cwd),
  };
}
