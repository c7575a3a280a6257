import { basename, join, sep } from 'node:path';
import type { Paths } from '../../config.js';
import { findWorkTree } from '../../io/work-tree.js';
import { createClock } from '../../report/clock.js';
import { toCostJson } from '../../report/cost-json.js';
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

/** Writes what `request` asks for to the host. Returns the exit code: 1 when there is nothing to show. */
export function runCostCommand(request: CostRequest, host: Host, paths: Paths): Promise<number> {
  return showReport(request, host, paths, (store) => {
    return request.view === 'list' ? renderList(store, request, host) : renderReport(store, request, host);
  });
}

function renderReport(store: Store, request: CostRequest, host: Host): string {
  const { selection, report } = readSnapshot(store, (connection) => {
    const chosen = selectScope(connection, { ...request, place: findPlace(host) });
    return { selection: chosen, report: readCostReport(connection, chosen.scope, request) };
  });
  if (request.format === 'json') return formatJson(toCostJson(report, selection, request));
  return renderCostText(report, selection, {
    ...request,
    ...describeLook(request, host),
    clock: createClock(request.timeZone),
    nowMs: Date.now(),
  });
}

function renderList(store: Store, request: CostRequest, host: Host): string {
  const entries = readSnapshot(store, (connection) => readList(connection, request));
  if (request.format === 'json') return formatJson(toListJson(request.kind, entries));
  return renderListText(entries, { ...describeLook(request, host), clock: createClock(request.timeZone) });
}

/** The work tree that the reader stands in, or the directory alone. */
function findPlace({ cwd, env }: Host): Place {
  const workTree = findWorkTree(cwd);
  const directory = workTree?.root ?? cwd;
  return {
    directory,
    below: workTree && join(workTree.root, sep),
    projectId: env.CODEX_METERED_PROJECT || basename(workTree?.repository ?? cwd),
  };
}
