#!/usr/bin/env bash
# fetch-cuda.sh FOLDER: lays a small CUDA 12.4 toolkit into FOLDER (nvcc, ptxas, headers, the static runtime),
# out of Debian's packages, from the mirror that this machine's apt uses. Installs nothing, needs no root.
set -euo pipefail

die() {
  printf 'fetch-cuda.sh: %s\n' "$*" >&2
  exit 1
}

(($# == 1)) || die "usage: fetch-cuda.sh FOLDER"
mkdir -p -- "$(dirname -- "$1")"
target=$(cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
suite=trixie  # the Debian release that has CUDA 12.4; its binaries run on older ones as well
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
libraries=usr/lib/$(uname -m)-linux-gnu

for tool in apt-get dpkg tar; do
  command -v "$tool" >/dev/null || die "$tool is missing: this works on Debian; elsewhere install CUDA 12.4 or later and set CUDA_HOME."
done
[[ -r $keyring ]] || die "$keyring is missing: install debian-archive-keyring."
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Identifier: Packages' |
  awk '$2 == "Debian" && $3 == "Debian" && !found++ { print $1 }')
[[ -n $mirror ]] || die "apt knows no Debian mirror: run apt-get update, or install CUDA 12.4 or later and set CUDA_HOME."

# Everything happens beside the target, so that the last step is a rename: a toolkit is whole or not there.
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,packages,unpacked} "$work"/toolkit/{bin,include,lib64,nvvm/bin,nvvm/libdevice}

printf 'deb [signed-by=%s] %s %s main non-free\n' "$keyring" "$mirror" "$suite" >"$work/sources.list"
apt=(apt-get -q -oDir::Etc::sourcelist="$work/sources.list" -oDir::Etc::sourceparts=/dev/null
  -oDir::State::Lists="$work/lists" -oDir::Cache="$work/cache" -oAPT::Sandbox::User=root -oAcquire::Languages=none
  -oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
  -oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
"${apt[@]}" update >&2
(cd -- "$work/packages" && "${apt[@]}" download nvidia-cuda-toolkit nvidia-cuda-dev libcu++-dev >&2)

# unpack PACKAGE PATTERN...: the files of a package that match.
unpack() {
  dpkg --fsys-tarfile "$work/packages/$1"_*.deb | tar -x -C "$work/unpacked" --wildcards "${@:2}"
}

toolkit=usr/lib/nvidia-cuda-toolkit
unpack nvidia-cuda-toolkit './usr/bin/*' './usr/include/*' "./$toolkit/bin/*" "./$toolkit/libdevice/*"
unpack libcu++-dev './usr/include/*'
# What is wanted lies in the first third of a large package: stop there, and go on only if that ever changes.
for limit in 950M 99G; do
  dpkg --fsys-tarfile "$work"/packages/nvidia-cuda-dev_*.deb 2>/dev/null | head -c "$limit" |
    tar -x -C "$work/unpacked" --wildcards './usr/include/*' \
      "./$libraries/libcudart_static.a" "./$libraries/libcudadevrt.a" 2>/dev/null || true
  [[ -s $work/unpacked/$libraries/libcudart_static.a && -s $work/unpacked/$libraries/libcudadevrt.a &&
    -s $work/unpacked/usr/include/cuda_runtime.h ]] && break
done

cd -- "$work/unpacked"
for tool in ptxas nvlink cudafe++ fatbinary cuobjdump nvdisasm cu++filt bin2c nvprune __nvcc_device_query; do
  mv "usr/bin/$tool" "$work/toolkit/bin/"
done
mv "$toolkit/bin/nvcc" "$toolkit/bin/crt" "$work/toolkit/bin/"
mv "$toolkit/bin/cicc" "$work/toolkit/nvvm/bin/"
mv "$toolkit"/libdevice/* "$work/toolkit/nvvm/libdevice/"
cp -a usr/include/. "$work/toolkit/include/"
mv "$libraries/libcudart_static.a" "$libraries/libcudadevrt.a" "$work/toolkit/lib64/"
cat >"$work/toolkit/bin/nvcc.profile" <<'TXT'
TOP              = $(_HERE_)/..
NVVMIR_LIBRARY_DIR = $(TOP)/nvvm/libdevice
LD_LIBRARY_PATH += $(TOP)/lib:
PATH            += $(TOP)/nvvm/bin:$(_HERE_):
INCLUDES        +=  "-I$(TOP)/include" $(_SPACE_)
LIBRARIES        =+ $(_SPACE_) "-L$(TOP)/lib64"
TXT
"$work/toolkit/bin/nvcc" --version >/dev/null || die "the nvcc of Debian $suite does not run on this machine."
rm -rf -- "$target"
mv -- "$work/toolkit" "$target"
