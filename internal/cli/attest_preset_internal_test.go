package cli

import "testing"

func TestPresetURIStandsAtARelease(t *testing.T) {
	const home = "git+https://github.com/codewarrant/codewarrant"
	for _, tt := range []struct{ name, version, want string }{
		{"a release", "v1.2.3", home + "@v1.2.3#policy/presets/strict.yml"},
		{"a release before another", "v1.3.0-rc.1", home + "@v1.3.0-rc.1#policy/presets/strict.yml"},
		{"a version that Go makes up of a commit", "v1.2.4-0.20261102101112-0123456789ab", home + "#policy/presets/strict.yml"},
		{"a checkout that was changed", "v1.2.3+dirty", home + "#policy/presets/strict.yml"},
		{"a commit", "devel-0123456789ab", home + "#policy/presets/strict.yml"},
		{"a trial of a release", "v0.0.0-devel", home + "#policy/presets/strict.yml"},
		{"nothing is known", "unknown", home + "#policy/presets/strict.yml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := presetURI("strict", tt.version); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
