/** Finds mosquitto's dynamic security plugin where distributions put it. */
export function pluginPath(exists: (path: string) => boolean): string | undefined {
  const folders = ['x86_64-linux-gnu/', 'aarch64-linux-gnu/', ''];
  return folders
    .map((folder) => `/usr/lib/${folder}mosquitto_dynamic_security.so`)
    .find((path) => exists(path));
}
