// A library that is no plug-in.
extern "C" __attribute__((visibility("default"))) int llm42_silent(void) {
  return 0;
}
