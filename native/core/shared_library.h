// Libraries that are opened while the process runs.
#pragma once

#include <string>

namespace llm42 {

// Folder of the library (or the program) that this function is linked into.
std::string own_folder();

// File name of a library on this system: "libNAME.so".
std::string library_file_name(const std::string& name);

class SharedLibrary {
 public:
  // Opens the file. Where it cannot be opened, is_open() is false and `reason` holds the system's words.
  SharedLibrary(const std::string& path, std::string& reason);
  SharedLibrary(const SharedLibrary&) = delete;
  SharedLibrary& operator=(const SharedLibrary&) = delete;
  ~SharedLibrary();

  bool is_open() const { return handle_ != nullptr; }

  // Address of an exported symbol; NULL if there is none.
  void* find(const char* symbol) const;

  // Leaves the library in the process for good: objects with code of it are about to be handed out.
  void keep() { handle_ = nullptr; }

 private:
  void* handle_;
};

}  // namespace llm42
