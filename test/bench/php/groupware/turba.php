<?php
// The address books' configuration, as turba/config/conf.php. The book itself is the one that Turba has from the start: localsql.
$conf['menu'] = array('import_export' => true, 'apps' => array());
$conf['client'] = array('addressbook' => '');
$conf['shares'] = array('source' => 'localsql');
$conf['comments'] = array('allow' => false);
$conf['documents'] = array('type' => 'horde');
$conf['tags'] = array('enabled' => true);
