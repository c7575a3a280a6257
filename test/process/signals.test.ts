import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { forwardSignals } from '../../src/process/signals.js';

describe('signals', () => {
  test('that come before Codex is there reach it once it is, in order', () => {
    const self = new EventEmitter();
    const signals = forwardSignals(self);
    self.emit('SIGTERM');
    self.emit('SIGINT');
    const sent: string[] = [];
    signals.to((signal) => void sent.push(signal));
    self.emit('SIGUSR2');
    expect(sent).toEqual(['SIGTERM', 'SIGINT', 'SIGUSR2']);
    expect(signals.interrupted()).toBe('SIGTERM');
  });

  test('that do not ask for an end are no interruption', () => {
    const self = new EventEmitter();
    const signals = forwardSignals(self);
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGCONT']) self.emit(signal);
    expect(signals.interrupted()).toBeUndefined();
  });

  test('mean to us what they mean to anyone when the forwarding stops', () => {
    const self = new EventEmitter();
    const signals = forwardSignals(self);
    expect(self.eventNames()).toContain('SIGHUP');
    signals.stop();
    expect(self.eventNames()).toEqual([]);
  });
});
