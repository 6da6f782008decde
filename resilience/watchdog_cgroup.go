package resilience

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// A container is the cgroup with the smallest limit, up from the process' own.
type container struct{ used, limit int64 }

// The names of what is asked of a cgroup.
type cgroupFiles struct {
	limit, used, cache string
	above              bool // the cache's file has the limits of those above as well
}

// container looks for the memory cgroup. Where there is none, or it sets no limit, it
// returns zero.
func (m *memoryReader) container() (least container) {
	m.find.Do(func() { m.dir, m.top, m.names = m.cgroup() })
	if m.top == "" {
		return container{}
	}
	for dir := m.dir; ; dir = path.Dir(dir) {
		if c := m.cgroupAt(dir, m.names); c.limit > 0 && (least.limit == 0 || c.limit < least.limit) {
			least = c
		}
		if len(dir) <= len(m.top) {
			return least
		}
	}
}

// cgroupAt reads one cgroup.
func (m *memoryReader) cgroupAt(dir string, names cgroupFiles) container {
	c := container{limit: smallest(m.number(dir, names.limit))}
	if c.limit == 0 && !names.above {
		return c
	}
	stat, _ := fs.ReadFile(m.files, path.Join(dir, "memory.stat")) // without it nothing is known to be cache
	if names.above {
		c.limit = smallest(c.limit, value(string(stat), "hierarchical_memory_limit"))
	}
	if c.limit > 0 {
		// Pages of files that nobody has touched for long are given up before anybody is
		// killed.
		c.used = max(m.number(dir, names.used)-value(string(stat), names.cache), 0)
	}
	return c
}

// number reads a file with one number in it; 0 when it is not there, or says "max".
func (m *memoryReader) number(dir, name string) int64 {
	data, err := fs.ReadFile(m.files, path.Join(dir, name))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// cgroup finds the folder of the process' memory cgroup, that of the topmost one that
// can be seen, and how their files are called. A top that is empty means that there is
// none.
func (m *memoryReader) cgroup() (dir, top string, names cgroupFiles) {
	groups, err := fs.ReadFile(m.files, "proc/self/cgroup")
	if err != nil {
		return "", "", cgroupFiles{}
	}
	mounts, err := fs.ReadFile(m.files, "proc/self/mountinfo")
	if err != nil {
		return "", "", cgroupFiles{}
	}
	for _, version := range []struct {
		controller, filesystem string
		names                  cgroupFiles
	}{
		{"memory", "cgroup", cgroupFiles{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", true}},
		{"", "cgroup2", cgroupFiles{"memory.max", "memory.current", "inactive_file", false}},
	} {
		group, ok := cgroupPath(string(groups), version.controller)
		if !ok {
			continue
		}
		root, mount, ok := cgroupMount(string(mounts), version.filesystem, version.controller)
		if !ok {
			continue
		}
		// Where only a part of the tree is mounted, the path is counted from there; one
		// that is not inside it is seen from another namespace, and the mount is ours.
		below, inside := strings.CutPrefix(group+"/", strings.TrimSuffix(root, "/")+"/")
		if !inside {
			below = ""
		}
		return path.Join(mount, path.Join("/", below)), mount, version.names
	}
	return "", "", cgroupFiles{}
}

// cgroupPath finds the path of the group with a controller; the empty one is v2's.
func cgroupPath(groups, controller string) (string, bool) {
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if controller == "" && parts[0] == "0" && parts[1] == "" || controller != "" && has(parts[1], controller) {
			return parts[2], true
		}
	}
	return "", false
}

// cgroupMount finds where such a tree is mounted, and which part of it.
func cgroupMount(mounts, filesystem, controller string) (root, mount string, ok bool) {
	for line := range strings.Lines(mounts) {
		left, right, ok := strings.Cut(line, " - ")
		where, what := strings.Fields(left), strings.Fields(right)
		if !ok || len(where) < 5 || len(what) < 3 || what[0] != filesystem {
			continue
		}
		if controller == "" || has(what[2], controller) {
			if mount = strings.Trim(path.Clean(where[4]), "/"); mount != "" {
				return where[3], mount, true
			}
		}
	}
	return "", "", false
}

// has reports whether a list with commas has a word.
func has(list, word string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == word {
			return true
		}
	}
	return false
}
