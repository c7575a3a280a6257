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

test('settings that come before a turn hold for it', () => {
  expect(follow([{ settings: settings('priority', 'gpt-5.5') }, 'turn']).at(-1)).toEqual(
    settings('priority', 'gpt-5.5'),
  );
});

test('the first turn has a row of its own, after its context', () => {
  const rows = ['turn', { model: 'gpt-5.5' }, { settings: settings('priority', 'gpt-5.5') }] as const;
  expect(follow(rows).at(-1)).toEqual(settings('priority', 'gpt-5.5'));
});

test('a change in the middle of a turn holds from the next one on', () => {
  const inForce = follow([
    'turn',
    { model: 'gpt-5.5' },
    { settings: settings(undefined, 'gpt-5.5') },
    { settings: settings('priority', 'gpt-6-sol') },
    'turn',
  ]);
  expect(inForce.slice(-2)).toEqual([settings(undefined, 'gpt-5.5'), settings('priority', 'gpt-6-sol')]);
});

test('a first row behind a response is a change, and none of the first turn’s own (0.151)', () => {
  const inForce = follow(['turn', { model: 'gpt-5.4' }, 'response', { settings: settings('priority') }, 'turn']);
  expect(inForce.slice(-2)).toEqual([settings(undefined, 'gpt-5.4'), settings('priority', 'gpt-5.4')]);
});

test('of several changes in a turn the last one holds', () => {
  const changes = ['flex', 'priority'].map((tier) => ({ settings: settings(tier) }));
  expect(follow(['turn', { settings: settings() }, ...changes, 'turn']).at(-1)).toEqual(settings('priority'));
});

test('a row between two turns holds from the second on', () => {
  const rows = ['turn', { settings: settings() }, 'turn', { settings: settings('priority') }, 'turn'] as const;
  expect(follow(rows).at(-1)).toEqual(settings('priority'));
});

test('a tier that is no longer named is the standard one', () => {
  expect(follow([{ settings: settings('priority') }, { settings: settings() }]).at(-1)).toEqual(settings());
});

test('a context without a model leaves the model unknown', () => {
  expect(follow([{ model: 'gpt-5.5' }, { model: undefined }]).at(-1)).toEqual(settings());
});
