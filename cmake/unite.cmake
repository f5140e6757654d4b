# Most of the time of a compiler goes into what a file includes. With
# MDIMAPPEND_UNITY=N the files of one folder are compiled together, at most N of them:
# what they include is read once. So the names in unnamed namespaces of one folder must
# differ; without it (preset debug) each file is compiled alone.

# unite(TARGET FILE...)
function(unite target)
  if(NOT MDIMAPPEND_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON
                                             UNITY_BUILD_MODE GROUP
                                             UNITY_BUILD_RELOCATABLE ON)
  list(FILTER ARGN INCLUDE REGEX "\\.cpp$")
  foreach(file IN LISTS ARGN)
    get_filename_component(path ${file} ABSOLUTE)
    get_filename_component(folder ${path} DIRECTORY)
    file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${folder})
    string(MAKE_C_IDENTIFIER "${folder}" folder)
    list(APPEND of_${folder} ${file})
    list(LENGTH of_${folder} count)
    math(EXPR part "(${count} - 1) / ${MDIMAPPEND_UNITY}")
    set_source_files_properties(${file} PROPERTIES
      UNITY_GROUP ${folder}_${part})
  endforeach()
endfunction()
