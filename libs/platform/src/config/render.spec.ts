import { ROOT } from '../../../../test/support/root.js';
import { configFolder, removeConfigFolders } from './config.factory.js';
import { describeConfig } from './describe-config.js';
import { loadConfig } from './load.js';
import { renderConfigReference } from './render-config-reference.js';
import { renderEnvExample } from './render-env-example.js';

afterAll(removeConfigFolders);

describe('renderConfigReference', () => {
  const page = renderConfigReference(ROOT);

  it('has a row for every key and every short name', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    for (const { name, env, shortNames, description } of describeConfig()) {
      const row = rows.filter((line) => line.startsWith(`| \`${name}\`<br>`));
      expect(row).toHaveLength(1);
      expect(row[0]).toContain(`\`${env}\``);
      expect(row[0]).toContain(description.replaceAll('<', '&lt;').slice(0, 20));
      for (const short of shortNames)
        expect(rows.filter((line) => line.startsWith(`| \`${short}\` |`))).toHaveLength(1);
    }
  });

  it('shows what the files of the environments set beside the default', () => {
    expect(page).toContain('| `127.0.0.1`<br>`0.0.0.0` in staging, production, docker | Address to listen on. |');
    expect(page).toContain('| `open`<br>`closed` in staging, production | Whether anybody may register. |');
    const other = configFolder({ 'config/docker.yaml': 'http: { host: elsewhere }' });
    expect(renderConfigReference(other)).toContain('`127.0.0.1`<br>`elsewhere` in docker |');
  });

  it('marks secrets, and breaks no table', () => {
    expect(page).toMatch(/`keys\.kek`.*\*\*Secret\.\*\* \|$/m);
    for (const line of page.split('\n').filter((each) => each.startsWith('| `')))
      expect([4, 5]).toContain(line.match(/(?<!\\)\|/g)?.length);
  });

  it('is the same every time, and ends in one line break', () => {
    expect(renderConfigReference(ROOT)).toBe(page);
    expect(page).toMatch(/[^\n]\n$/);
  });
});

describe('renderEnvExample', () => {
  const text = renderEnvExample();

  it('sets nothing as it stands', () => {
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  it('starts the program with every line uncommented: the defaults are what it says', () => {
    const lines = text.split('\n').flatMap((line) => /^#([A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
    const env: Record<string, string> = {};
    for (let index = 0; index < lines.length; index += 2) env[lines[index] ?? ''] = lines[index + 1] ?? '';
    expect(Object.keys(env)).toHaveLength(describeConfig().length + 1);
    const cwd = configFolder();
    expect(loadConfig({ env, cwd })).toEqual(loadConfig({ env: {}, cwd }));
  });
});
