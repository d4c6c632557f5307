package policy

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed presets/*.yml
var presets embed.FS

// PresetPrefix is what the name of a preset's [Policy] begins with.
const PresetPrefix = "preset:"

// DefaultPreset is the preset of a check that finds no policy.
const DefaultPreset = "hardened-runtime"

// PresetNames returns the names of the embedded policies in ascending order.
func PresetNames() []string {
	files, err := presets.ReadDir("presets")
	if err != nil {
		return nil
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yml")
	}
	slices.Sort(names)
	return names
}

// PresetSource returns the text of an embedded policy. The error for an unknown
// name lists the valid ones.
func PresetSource(name string) ([]byte, error) {
	if !slices.Contains(PresetNames(), name) {
		return nil, fmt.Errorf("unknown preset %s; valid: %s", quote(name), strings.Join(PresetNames(), ", "))
	}
	return presets.ReadFile("presets/" + name + ".yml")
}

// Preset returns an embedded policy, named preset:NAME.
func Preset(name string) (*Policy, error) {
	src, err := PresetSource(name)
	if err != nil {
		return nil, err
	}
	return Parse(PresetPrefix+name, src)
}
