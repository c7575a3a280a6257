import { openFullScreen } from '../../../src/cli/commands/full-screen.js';

// Draws a sheet and breaks at the first key.
const screen = openFullScreen({
  onKey() {
    throw new Error('the view broke');
  },
  onLost: () => undefined,
});
screen.draw(['drawn']);
