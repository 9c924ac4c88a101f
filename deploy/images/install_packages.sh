# Install the packages that a list names into a folder, as the lock has them, compiled: install_packages.sh LIST FOLDER
# Wheels only, but for pyvips, which has none: it is plain Python that finds its library in pyvips-binary.
set -eu
mkdir -p "$2"
[ -s "$1" ] || exit 0
python select_requirements.py requirements.lock "$1" >selected.lock
pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile \
  --only-binary=:all: --no-binary=pyvips --require-hashes --target "$2" -r selected.lock
rm -rf "$2/bin"
find "$2" -depth -type d \( -name tests -o -name test \) -exec rm -rf {} +
python -m compileall -q -j 0 "$2"
