from conan import ConanFile


class System(ConanFile):
    """The headers of Boost that the system has, under the names that ConanCenter's recipe gives them."""
    name = "boost"
    package_type = "header-library"

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = self.cpp_info.includedirs = []
        self.cpp_info.set_property("cmake_file_name", "Boost")
        headers = self.cpp_info.components["headers"]
        headers.set_property("cmake_target_name", "Boost::headers")
        headers.bindirs = headers.libdirs = headers.includedirs = []
