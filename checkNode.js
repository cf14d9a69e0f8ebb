// Runs before the npm scripts, on whatever Node there is: plain JavaScript, old syntax.
const [major, minor] = process.versions.node.split('.').map(Number);
// 24.2 is the first that has import.meta.main; the types can be switched off in any.
const isNewEnough = major > 24 || (major === 24 && minor >= 2);

if (!isNewEnough || !process.features.typescript) {
  console.error(`Aftershock runs TypeScript as it is, and needs a Node from 24.2 on that strips types.
This is Node ${process.versions.node}${isNewEnough ? ' with type stripping off' : ''}: ${process.execPath}

npm ci puts a Node 24 into node_modules, and npm scripts prefer it to any other. If it is not there,
install scripts were off (--ignore-scripts, or a policy). Either of these helps:
  npm rebuild node --ignore-scripts=false
  a Node 24 of your own on the PATH
Then start again with an npm script, such as npm start.`);
  process.exitCode = 1;
}
