import type { InfoRegistry } from '../common/host.ts';

type Section = Record<string, unknown>;

/** What `/info` of one pipeline tells. */
export class PipelineInfo implements InfoRegistry {
  #sections = new Map<string, Section>();
  #adminSections = new Map<string, Section>();

  register(section: string, values: Section): void {
    merge(this.#sections, section, values);
  }

  registerAdmin(section: string, values: Section): void {
    merge(this.#adminSections, section, values);
  }

  get(options: { admin?: boolean; disallowed?: readonly string[] } = {}): Section {
    const disallowed = options.disallowed ?? [];
    const info: Section = {};
    for (const [name, values] of this.#sections) {
      if (disallowed.includes(name)) continue;
      const allowed = Object.entries(values).filter(([key]) => !disallowed.includes(`${name}.${key}`));
      info[name] = Object.fromEntries(allowed);
    }
    if (options.admin === true) {
      info['admin'] = { ...Object.fromEntries(this.#adminSections), disallowed_sections: [...disallowed] };
    }
    return info;
  }
}

function merge(into: Map<string, Section>, section: string, values: Section): void {
  into.set(section, { ...into.get(section), ...values });
}
