import { expect, test } from 'vitest';
import {
  beginTurn,
  NO_SETTINGS,
  type RequestSettings,
  type TurnSettings,
  takeModel,
  takeResponse,
  takeSettings,
} from '../../../src/agents/codex/turn-settings.js';

const settings = (serviceTier?: string, model?: string): RequestSettings => ({ model, serviceTier });

/** What is in force after each row: `turn`, `response`, a model's name as that of a turn's context, or settings. */
function follow(
  rows: readonly ('turn' | 'response' | { model: string | undefined } | { settings: RequestSettings })[],
) {
  let state: TurnSettings = NO_SETTINGS;
  return rows.map((row) => {
    if (row === 'turn') state = beginTurn(state);
    else if (row === 'response') state = takeResponse(state);
    else state = 'settings' in row ? takeSettings(state, row.settings) : takeModel(state, row.model);
    return state.inForce;
  });
}

const priority = { settings: settings('priority') };

test.each<[string, Parameters<typeof follow>[0], RequestSettings[]]>([
  [
    'settings that come before a turn hold for it',
    [{ settings: settings('priority', 'gpt-5.5') }, 'turn'],
    [settings('priority', 'gpt-5.5')],
  ],
  [
    'the first turn has a row of its own, after its context',
    ['turn', { model: 'gpt-5.5' }, { settings: settings('priority', 'gpt-5.5') }],
    [settings('priority', 'gpt-5.5')],
  ],
  [
    'a change in the middle of a turn holds from the next one on',
    [
      ...(['turn', { model: 'gpt-5.5' }, { settings: settings(undefined, 'gpt-5.5') }] as const),
      ...([{ settings: settings('priority', 'gpt-6-sol') }, 'turn'] as const),
    ],
    [settings(undefined, 'gpt-5.5'), settings('priority', 'gpt-6-sol')],
  ],
  [
    'a first row behind a response is a change, and none of the first turn’s own (0.151)',
    ['turn', { model: 'gpt-5.4' }, 'response', priority, 'turn'],
    [settings(undefined, 'gpt-5.4'), settings('priority', 'gpt-5.4')],
  ],
  [
    'of several changes in a turn the last one holds',
    ['turn', { settings: settings() }, { settings: settings('flex') }, priority, 'turn'],
    [settings('priority')],
  ],
  [
    'a row between two turns holds from the second on',
    ['turn', { settings: settings() }, 'turn', priority, 'turn'],
    [settings('priority')],
  ],
  ['a tier that is no longer named is the standard one', [priority, { settings: settings() }], [settings()]],
  ['a context without a model leaves the model unknown', [{ model: 'gpt-5.5' }, { model: undefined }], [settings()]],
])('%s', (_what, rows, inForce) => {
  expect(follow(rows).slice(-inForce.length)).toEqual(inForce);
});
