export { pythonJson, pythonJsonString } from '../common/python-json.ts';
