import { basename, join } from 'node:path';
import { hashPath, type HashPathConfig } from '../../common/hash-path.ts';
import { policyFolder, type Policies } from '../../common/storage-policy.ts';
import { loadSwiftConf } from '../../common/swift-conf.ts';
import { quote } from '../../common/text.ts';
import { Ring } from '../../ring/ring.ts';
import { readInteger } from '../python-text.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';
import { readOptions, readQuestion, swiftDirOf, type Question } from './arguments.ts';
import { locationReport } from './report.ts';

/** Runs `swift-get-nodes ARGV`; gives the exit code. Throws CommandEnd for what it refuses, and what reading files throws. */
export async function runGetNodes(argv: readonly string[], terminal: Terminal): Promise<number> {
  const options = readOptions(argv);
  const { hashPath: hashConfig, policies } = loadSwiftConf(swiftDirOf(options));
  const question = readQuestion(options, policies, terminal);
  checkNames(question);
  const chosen = chooseRing(question, policies);
  warnOfRing(question, chosen, terminal);
  if (question.account !== '') terminal.print(namesReport(question));
  terminal.print(locate(question, chosen, hashConfig));
  return 0;
}

function checkNames({ account, container, object, partition }: Question): void {
  if (account === '' && (container !== '' || object !== '')) throw new CommandEnd(1, 'No account specified');
  if (object !== '' && container === '') throw new CommandEnd(1, 'No container specified');
  if (account === '' && partition === undefined) throw new CommandEnd(1, 'No target specified');
}

interface ChosenRing {
  readonly path: string;
  /** Of the file, such as `object-1`. */
  readonly name: string;
  readonly policyIndex: number | undefined;
}

/** The ring given, else the policy's, else that of accounts or containers. */
function chooseRing(
  { ringPath, policyName, swiftDir, container, object, partition }: Question,
  policies: Policies,
): ChosenRing {
  if (ringPath !== undefined) {
    const name = basename(ringPath).replace(/\.ring\.gz$/, '');
    const index = object === '' ? undefined : /^object.*-(\d+)$/.exec(name)?.[1];
    return { path: ringPath, name, policyIndex: index === undefined ? undefined : Number(index) };
  }
  const policyIndex = object !== '' || partition !== undefined ? policies.byName(policyName ?? '')?.index : undefined;
  const name =
    policyIndex !== undefined ? policyFolder('object', policyIndex) : container === '' ? 'account' : 'container';
  return { path: join(swiftDir, `${name}.ring.gz`), name, policyIndex };
}

function warnOfRing({ account, container, object }: Question, { name }: ChosenRing, terminal: Terminal): void {
  if (account === '' || object !== '') return;
  if (container !== '' && name !== 'container') {
    terminal.print('Warning: account/container specified but ring not named "container"');
  }
  if (container === '' && name !== 'account') terminal.print('Warning: account specified but ring not named "account"');
}

function namesReport({ account, container, object }: Question): string {
  const lines = [
    ...(account === '' ? [] : [`\nAccount  \t${quote(account)}`]),
    ...(container === '' ? [] : [`Container\t${quote(container)}`]),
    ...(object === '' ? [] : [`Object   \t${quote(object)}\n\n`]),
  ];
  return lines.join('\n');
}

function locate(question: Question, chosen: ChosenRing, hashConfig: HashPathConfig): string {
  const { account, container, object, allHandoffs } = question;
  const ring = Ring.load(chosen.path, hashConfig);
  const names = [account, container, object].filter((name) => name !== '');
  const [, ...below] = names;
  const partition =
    question.partition === undefined ? ring.partitionOf(account, ...below) : readInteger(question.partition);
  const primaries = ring.primaries(partition);
  const handoffs = [...ring.handoffs(partition)];
  return locationReport({
    path: names.length === 0 ? 'None' : names.join('/'),
    partition,
    hash: question.partition === undefined ? hashPath(hashConfig, account, ...below) : undefined,
    primaries,
    handoffs: allHandoffs ? handoffs : handoffs.slice(0, primaries.length),
    dataDir: dataDirOf(question, chosen),
    policyIndex: chosen.policyIndex,
  });
}

/** Without a name it is the ring's that tells. */
function dataDirOf({ account, container, object }: Question, { name, policyIndex }: ChosenRing): string {
  if (object !== '') return policyFolder('objects', policyIndex ?? 0);
  if (account !== '') return container === '' ? 'accounts' : 'containers';
  return name.startsWith('object-') ? name.replace('object-', 'objects-') : `${name}s`;
}
