from conan import ConanFile


class System(ConanFile):
    """The CLI11 that the system has."""
    name = "cli11"
    package_type = "header-library"

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = self.cpp_info.includedirs = []
        self.cpp_info.set_property("cmake_file_name", "CLI11")
        self.cpp_info.set_property("cmake_target_name", "CLI11::CLI11")
