package imagetest

import (
	"maps"
	"slices"
	"strings"
)

// HFSTree are files by their paths, as those of package archivetest: a path that ends in /
// is a folder, and contents that begin with "-> " are a link.
func HFSTree(files map[string]string) (list []HFSFile) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := HFSFile{Path: name, Data: []byte(files[name])}
		if target, is := strings.CutPrefix(files[name], "-> "); is {
			f.Data, f.Symlink = nil, target
		} else if dir, is := strings.CutSuffix(name, "/"); is {
			f = HFSFile{Path: dir, Folder: true}
		}
		list = append(list, f)
	}
	return list
}

// APFSTree is [HFSTree] for a volume of APFS.
func APFSTree(files map[string]string) map[string]APFSFile {
	tree := map[string]APFSFile{}
	for name, content := range files {
		f := APFSFile{Data: []byte(content)}
		if target, is := strings.CutPrefix(content, "-> "); is {
			f = APFSFile{Link: target}
		} else if dir, is := strings.CutSuffix(name, "/"); is {
			name, f = dir, APFSFile{Mode: 0x4000}
		}
		tree[name] = f
	}
	return tree
}

// HFSDisk is a disk with a volume of HFS+ and nothing else.
func HFSDisk(files map[string]string) []byte { return HFS{Files: HFSTree(files)}.Write() }

// APFSDisk is a disk with a container of APFS that has one volume, and nothing else.
func APFSDisk(files map[string]string) []byte {
	return APFS{Volumes: []APFSVolume{{Name: "Acme", Features: 1, Files: APFSTree(files)}}}.Image().Bytes
}
