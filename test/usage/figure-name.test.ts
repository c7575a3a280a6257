import { expect, it } from 'vitest';
import { readFigureName } from '../../src/usage/figure-name.js';

it.each([
  ['limitUsd', { subject: 'limit', unit: 'usd' }],
  ['spentTokens', { subject: 'spent', unit: 'tokens' }],
  ['countedInput', { subject: 'counted input', unit: undefined }],
  ['tokens', { subject: 'tokens', unit: undefined }],
  ['model', { subject: 'model', unit: undefined }],
])('the name of the figure %s says its subject and its unit', (name, expected) => {
  expect(readFigureName(name)).toEqual(expected);
});
