# SPDX-License-Identifier: Apache-2.0
def compare(bench):
    pass
